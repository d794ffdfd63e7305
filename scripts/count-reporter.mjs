// Writes how many tests passed, failed and were skipped to the file named by HAN_TEST_COUNTS. What could not even be loaded is a failure.
import { writeFileSync } from "node:fs"

export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      let failedHere = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === "passed") counts.passed++
        else if (state === "failed") failedHere++
        else counts.skipped++
      }
      // A module or a suite that failed without a failed test: an import, a hook.
      if (failedHere === 0 && module.state() === "failed") failedHere = 1
      counts.failed += failedHere
    }
    writeFileSync(process.env.HAN_TEST_COUNTS, JSON.stringify(counts))
  }
}
