/**
 * `conclavectl`: reads the command line, does it, sets the exit code.
 */
import { USAGE, commandFirst, readCommandLine } from './command-line.js';
import { failureText } from './endpoints.js';
import { logDump } from './log-dump.js';
import { runMemberCommand } from './member-commands.js';
import { Output } from './output.js';
import { SNAPSHOT_USAGE, snapshotCommand } from './snapshot/command.js';

const VERSION = '0.1.0';
const API_VERSION = '3.6';

const EXIT_TROUBLE = 1;
const EXIT_USAGE = 2;

async function main(args: readonly string[]): Promise<number> {
  const out = new Output(1);
  const err = new Output(2);
  if (args[0] === 'snapshot') return snapshotCommand(args.slice(1), { out, err });
  const trouble = (text: string): void => {
    err.line(`conclavectl: ${text}`);
    err.flush();
  };
  /** As etcdctl says it. */
  const failed = (text: string): void => {
    err.line(`Error: ${text}`);
    err.flush();
  };
  const command = readCommandLine(args, process.env);
  switch (command.type) {
    case 'fault':
      trouble(`${command.text}; \`conclavectl help\` tells what there is`);
      return EXIT_USAGE;
    case 'help':
      out.line(USAGE);
      out.line(`\n${SNAPSHOT_USAGE}`);
      out.flush();
      return 0;
    case 'version':
      out.line(`conclavectl version: ${VERSION}`);
      out.line(`API version: ${API_VERSION}`);
      out.flush();
      return 0;
    case 'etcdctl-fault':
      failed(command.text);
      return command.exitCode;
    case 'member':
      try {
        await runMemberCommand(command, {
          print: (text) => {
            out.line(text);
            out.flush();
          },
          say: (text) => {
            err.line(text);
            err.flush();
          },
        });
        return 0;
      } catch (error) {
        failed(failureText(error));
        return EXIT_TROUBLE;
      }
    case 'log-dump': {
      const found = logDump(command.options, out);
      if (found === null) return 0;
      trouble(found);
      return EXIT_TROUBLE;
    }
  }
}

void main(commandFirst(process.argv.slice(2))).then((code) => {
  process.exitCode = code;
});
