import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Os from "node:os"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import type { ConcreteRequest, ReaderFragment } from "relay-runtime"

const repository = fileURLToPath(new URL("../../../../", import.meta.url))
const documents = fileURLToPath(new URL("./documents", import.meta.url))
const require = createRequire(import.meta.url)
/** The compiler's own program of this platform, as its package chooses it. */
const compiler: string = require("relay-compiler")

export const ourSchema = Path.join(repository, "packages/graphql/schema.graphql")
/** The schema that clients were written against. It stands beside the repository, if anywhere. */
export const contractSchema = Path.join(repository, "../shared/contract/schema.graphql")
/** Documents that only use what the contract has, and all. */
export const contractDocuments = Path.join(documents, "contract")
export const allDocuments = documents

/** What relay-compiler made of a folder of documents. */
export interface Compiled {
  readonly requests: ReadonlyMap<string, ConcreteRequest>
  readonly fragments: ReadonlyMap<string, ReaderFragment>
}

/** Compiles as a client's build does. Fails with what the compiler complains of. */
export const compiled = (src: string, schema: string): Compiled => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "han-relay-"))
  try {
    const artifactDirectory = Path.join(folder, "generated")
    Fs.mkdirSync(artifactDirectory)
    const config = {
      src,
      schema,
      artifactDirectory,
      language: "typescript",
      eagerEsModules: true,
      useImportTypeSyntax: true,
      // Dashboards were written before the compiler asked for it.
      featureFlags: { enforce_fragment_alias_where_ambiguous: { kind: "disabled" } }
    }
    Fs.writeFileSync(Path.join(folder, "relay.config.json"), JSON.stringify(config))
    execFileSync(compiler, [Path.join(folder, "relay.config.json"), "--noWatchman", "--output", "quiet-with-errors"], { encoding: "utf8", stdio: "pipe" })
    const requests = new Map<string, ConcreteRequest>()
    const fragments = new Map<string, ReaderFragment>()
    for (const file of Fs.readdirSync(artifactDirectory)) {
      // Not `import`: vitest would transform a hundred files that Bun takes as they are.
      const { default: artifact }: { readonly default: ConcreteRequest | ReaderFragment } = require(Path.join(artifactDirectory, file))
      if (artifact.kind === "Request") requests.set(artifact.params.name, artifact)
      else fragments.set(artifact.name, artifact)
    }
    return { requests, fragments }
  } finally {
    Fs.rmSync(folder, { recursive: true, force: true })
  }
}
