// The repository's Jest configuration with one mutant planted; see mutate.mjs.
const base = require('../../jest.config.cjs');

const transform = Object.entries(base.transform).map(([files, [, options]]) => [
  files,
  [require.resolve('./mutant-transform.cjs'), options],
]);
module.exports = {
  ...base,
  transform: Object.fromEntries(transform),
  testSequencer: require.resolve('./mutant-sequencer.cjs'),
};
