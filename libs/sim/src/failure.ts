/**
 * How a run can fail, kept apart by kind: each has an exit code of its own, so that a script can tell
 * a crash from a wrong answer.
 */

/** 1 crash: an assertion or exception of the code under test; 2 safety: an invariant of C4 broken;
 *  3 liveness: no progress though nothing hinders it; 4 correctness: a client saw a wrong answer. */
export const ExitCode = {
  OK: 0,
  CRASH: 1,
  SAFETY: 2,
  LIVENESS: 3,
  CORRECTNESS: 4,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** A judge found something. `rule`: the invariant, e.g. `I5`, `C5`, `C6`. */
export class Verdict extends Error {
  override readonly name = 'Verdict';
  readonly exitCode: ExitCode;
  readonly rule: string;

  constructor(exitCode: ExitCode, rule: string, what: string) {
    super(`${rule}: ${what}`);
    this.exitCode = exitCode;
    this.rule = rule;
  }
}

export function unsafe(rule: string, what: string): never {
  throw new Verdict(ExitCode.SAFETY, rule, what);
}

/** `rule`: which promise of C5. */
export function stuck(rule: string, what: string): never {
  throw new Verdict(ExitCode.LIVENESS, rule, what);
}

export function wrongAnswer(rule: string, what: string): never {
  throw new Verdict(ExitCode.CORRECTNESS, rule, what);
}
