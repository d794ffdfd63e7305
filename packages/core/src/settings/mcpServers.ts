import { array, filled, isObject, object } from "../text/json.ts"
import type { McpServer } from "./ClaudeSettings.ts"

/** The servers in the `mcpServers` of a file. */
export const serversIn = (servers: unknown, from: Pick<McpServer, "source" | "projectPath"> & { readonly file: string }): ReadonlyArray<McpServer> =>
  Object.entries(object(servers) ?? {}).flatMap(([name, server]) => {
    if (!isObject(server)) return []
    const url = filled(server.url)
    return [
      {
        id: `${from.file}#${from.projectPath ?? ""}#${name}`,
        name,
        command: filled(server.command),
        url: url === null ? null : withoutSecrets(url),
        source: from.source,
        type: filled(server.type) ?? (url === null ? "stdio" : "http"),
        argCount: array(server.args).length,
        hasEnv: Object.keys(object(server.env) ?? {}).length > 0,
        projectPath: from.projectPath
      }
    ]
  })

/** An address without user, password and the values of its query, where keys for servers are often written. */
const withoutSecrets = (url: string): string =>
  url
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, "$1")
    .replace(/#.*$/s, "")
    .replace(/\?(.*)$/s, (_, query: string) => `?${query.replace(/=[^&]*/g, "=***")}`)
