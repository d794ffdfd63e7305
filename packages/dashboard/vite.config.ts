import { defineConfig, type Plugin } from "vite"

const tag = /\bgraphql`\s*(?:query|fragment|subscription|mutation)\s+(\w+)[^`]*`/g

/** Puts in place of a document the artifact that Relay's compiler made of it. */
const relayDocuments: Plugin = {
  name: "relay-documents",
  enforce: "pre",
  transform(code, id) {
    if (!/\.tsx?$/.test(id) || !code.includes("graphql`")) return null
    const names: Array<string> = []
    const body = code.replace(tag, (_, name: string) => {
      names.push(name)
      return `${name}Document`
    })
    const imports = names.map((name) => `import ${name}Document from "/src/generated/${name}.graphql.ts"`)
    return { code: `${imports.join(";")};${body}`, map: null }
  }
}

export default defineConfig({
  root: import.meta.dirname,
  // Nothing of a person's machine goes into a build.
  envDir: false,
  plugins: [relayDocuments],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    emptyOutDir: true
  },
  worker: { format: "es" }
})
