// Jest's view of one mutant: as @swc/jest, but the file named in MUTANT ({file, text} as JSON in the
// file of that name) is read with the mutant's text. The sources on disk stay as they are.
const crypto = require('node:crypto');
const fs = require('node:fs');
const swc = require('@swc/jest');

const mutant = JSON.parse(fs.readFileSync(process.env.MUTANT, 'utf8'));

module.exports.createTransformer = (options) => {
  const inner = swc.createTransformer(options);
  const text = (source, file) => (file === mutant.file ? mutant.text : source);
  return {
    ...inner,
    process: (source, file, more) => inner.process(text(source, file), file, more),
    getCacheKey(source, file, more) {
      const key = inner.getCacheKey(text(source, file), file, more);
      return crypto.createHash('sha256').update(`mutant ${key}`).digest('hex');
    },
  };
};
