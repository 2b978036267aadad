// The order of a mutant's tests: what is quick to notice first, random worlds last.
const Sequencer = require('@jest/test-sequencer').default;

const LATE = /simulation|\.prop\.spec/;

module.exports = class extends Sequencer {
  sort(tests) {
    return [...tests].sort(
      (a, b) => Number(LATE.test(a.path)) - Number(LATE.test(b.path)) || (a.path < b.path ? 1 : -1),
    );
  }
};
