/**
 * Transcript files: blocks of command lines, `----`, and what they print, up to an empty line.
 * Lines that start with `#` between blocks are comments and are kept.
 */
import { Interaction } from './interaction.js';

export interface TranscriptRun {
  /** The file as it should be. */
  readonly text: string;
  /** How many blocks were run. */
  readonly blocks: number;
}

/** Runs every block of a transcript against fresh members. Throws where a claim fails. */
export function runTranscript(source: string): TranscriptRun {
  const lines = source.split('\n');
  const out: string[] = [];
  const interaction = new Interaction();
  let blocks = 0;
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] as string;
    if (line.trim() === '' || line.startsWith('#')) {
      out.push(line);
      at++;
      continue;
    }
    const block: string[] = [];
    while (at < lines.length && lines[at] !== '----' && (lines[at] as string).trim() !== '') {
      block.push(lines[at] as string);
      at++;
    }
    if (lines[at] === '----') {
      while (at < lines.length && (lines[at] as string).trim() !== '') at++;
    }
    try {
      out.push(...block, '----', interaction.run(block));
    } catch (error) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      throw new Error(`in block:\n${block.join('\n')}\n${reason}`);
    }
    blocks++;
  }
  while (out.length > 0 && out[out.length - 1] === '') out.pop();
  return { text: `${out.join('\n')}\n`, blocks };
}
