// One configuration for every room. Tests read sources (the `@conclave/source` condition), never
// built output, so a test run needs no build. Process tests live in apps/e2e and run with
// CONCLAVE_E2E=1, because they need bundles and Debian packages.
/** @type {import('jest').Config} */
module.exports = {
  rootDir: __dirname,
  roots: ['<rootDir>/libs', '<rootDir>/apps', '<rootDir>/tools'],
  testMatch: ['**/src/**/*.spec.ts', '**/tools/**/*.spec.cjs'],
  testPathIgnorePatterns: process.env.CONCLAVE_E2E
    ? ['/node_modules/']
    : ['/node_modules/', '<rootDir>/apps/e2e/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testEnvironmentOptions: {
    customExportConditions: ['@conclave/source', 'node', 'node-addons', 'require', 'default'],
  },
  testEnvironment: 'node',
  // For a hang, not for speed: a busy machine is no reason to fail.
  testTimeout: 60_000,
  maxWorkers: 2,
};
