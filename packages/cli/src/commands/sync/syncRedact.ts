import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import { redactor, type SecretFinding } from "han-core/Redaction"
import { print, run as runAgainst } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { CommandFailed } from "../../environment/CommandFailed.ts"
import { inFull } from "../../environment/WorkingDirectory.ts"
import { variablesOf } from "../../export/Redacted.ts"
import { counted } from "../../terminal/Figures.ts"
import { plainLine, toJson } from "../../terminal/PlainText.ts"

export interface Options {
  readonly file: string
  readonly explain: boolean
  readonly strict: boolean
  readonly json: boolean
}

/** Asks no coordinator: what is found in a file hangs on the file and the environment alone. */
export const run = ({ explain, file, json, strict }: Options, host: CliEnvironment): Promise<number> =>
  runAgainst(
    host,
    Effect.gen(function* () {
      const path = inFull(file)
      const text = yield* Effect.try({
        try: () => readFileSync(path, "utf8"),
        catch: (error) => new CommandFailed(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
      })
      const redact = redactor(variablesOf(host), { strict })
      if (!explain) return yield* print(host.out, redact.lines(text))
      const findings = redact.findings(text)
      yield* print(host.out, json ? `${toJson({ file: path, findings })}\n` : explained(path, findings))
    })
  )

const explained = (path: string, findings: ReadonlyArray<SecretFinding>): string => {
  const rows = findings.map(({ column, line, pointer, rule }) =>
    [`${line}:${column}`, rule, pointer === null ? "" : pointer === "" ? "/" : pointer].map(plainLine)
  )
  return `${rows.map((row) => `${row.join("  ").trimEnd()}\n`).join("")}${counted(findings.length, "secret")} in ${plainLine(path)}\n`
}
