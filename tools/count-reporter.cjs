const { writeFileSync } = require('node:fs');

/**
 * Ends a test run with one line that machines can read: `N passed, N failed, N skipped`. Where the run is a part of a
 * greater one, the counts go to the file `SHOAL_TEST_COUNTS` instead.
 */
module.exports = class CountReporter {
  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests;
    // A file that could not even be loaded is a failure, though no test of it ran.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const passed = results.numPassedTests;
    const file = process.env.SHOAL_TEST_COUNTS;
    if (file) writeFileSync(file, JSON.stringify({ passed, failed, skipped }));
    else process.on('exit', () => process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`));
  }
};
