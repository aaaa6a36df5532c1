/** Ends a test run with one line that machines can read: `N passed, N failed, N skipped`. */
module.exports = class CountReporter {
  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests;
    // A file that could not even be loaded is a failure, though no test of it ran.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    this.line = `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`;
    process.on('exit', () => process.stdout.write(`${this.line}\n`));
  }
};
