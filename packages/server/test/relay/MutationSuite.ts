import * as Fs from "node:fs"
import * as Path from "node:path"
import { describe, expect, it } from "vitest"
import { put } from "../../../../test/transcriptTree.ts"
import { until } from "../httpClient.ts"
import type { JsonObject } from "./normalized.ts"
import type { Served } from "./serving.ts"
import { promptLine, type Workspace } from "./workspace.ts"

type Rows = ReadonlyArray<JsonObject>
const textOf = (path: string) => Fs.readFileSync(path, "utf8")
const alpha = { name: "alpha", marketplace: "local-market", scope: "USER" }

/** Changes of what is configured. Leaves it changed. */
export const mutationSuite = (served: () => Served<Workspace>) => {
  const plugins = async () => (await served().client.query<{ readonly plugins: Rows }>("PluginListPageQuery", {})).plugins
  const change = async (name: string, variables: JsonObject): Promise<JsonObject> => {
    const [result] = Object.values(await served().client.mutate<Record<string, JsonObject>>(name, variables))
    return result ?? {}
  }

  describe("plugins", () => {
    it("Plugins are switched off and on in the file of their scope, of which nothing else changes", async () => {
      const { files } = served().workspace
      const before = textOf(files.settings)
      expect(await change("PluginListPageToggleMutation", { ...alpha, enabled: false })).toMatchObject({ success: true })
      expect(textOf(files.settings)).toBe(before.replace('"alpha@local-market": true', '"alpha@local-market": false'))
      expect(await plugins()).toMatchObject([{ name: "alpha", enabled: false }, { enabled: true }, { enabled: true }])
      expect(await change("PluginListPageToggleMutation", { ...alpha, enabled: true })).toMatchObject({ success: true })
      expect(textOf(files.settings)).toBe(before)
    })

    it("Plugins of a project are changed in the named project or in the only one that has them", async () => {
      const { files, project } = served().workspace
      const of = { marketplace: "local-market", enabled: false }
      expect(await change("PluginListPageToggleMutation", { ...of, name: "beta", scope: "PROJECT" })).toMatchObject({ success: true })
      expect(await change("MachinePageToggleMutation", { ...of, name: "gamma", scope: "LOCAL", projectPath: project })).toMatchObject({ success: true })
      expect(JSON.parse(textOf(files.project)).enabledPlugins).toEqual({ "beta@local-market": false })
      expect(JSON.parse(textOf(files.local)).enabledPlugins).toEqual({ "gamma@local-market": false })
    })

    it("Plugins are removed, by a client on the socket as well", async () => {
      const { files, project } = served().workspace
      const { removePlugin } = await served().another("socket").mutate<{ readonly removePlugin: JsonObject }>("PluginListPageRemoveMutation", alpha)
      expect(removePlugin).toMatchObject({ success: true, message: expect.stringContaining("alpha") })
      expect(JSON.parse(textOf(files.settings)).enabledPlugins ?? {}).not.toHaveProperty(["alpha@local-market"])
      expect(JSON.parse(textOf(files.installed)).plugins).not.toHaveProperty(["alpha@local-market"])
      const gamma = { name: "gamma", marketplace: "local-market", scope: "LOCAL", projectPath: project }
      expect(await change("MachinePageRemoveMutation", gamma)).toMatchObject({ success: true })
      expect((await plugins()).map(({ name }) => name)).toEqual(["beta"])
    })

    it("Missing plugins and broken files stay as they are, and the answer says so", async () => {
      const { files } = served().workspace
      expect(await change("PluginListPageRemoveMutation", { ...alpha, name: "nobody" })).toMatchObject({
        success: false,
        message: expect.stringContaining("nobody@local-market")
      })
      const broken = '{"enabledPlugins": {'
      put(files.settings, broken)
      expect(await change("PluginListPageToggleMutation", { ...alpha, enabled: true })).toMatchObject({
        success: false,
        message: expect.stringContaining(files.settings)
      })
      expect(textOf(files.settings)).toBe(broken)
      const { settings } = await served().client.query<{ readonly settings: JsonObject }>("MachinePageQuery", {})
      expect(settings["problems"]).toMatchObject([{ path: files.settings, message: expect.any(String) }])
    })
  })

  it("a question to the memory is answered by why there is no answer", async () => {
    expect(await change("MemoryPageAskMutation", { question: "why?", projectPath: "github.com/acme/rocket", model: "haiku" })).toEqual({
      sessionId: null,
      success: false,
      message: expect.stringMatching(/\w{3}/)
    })
  })

  it("configuration folders come and go; their sessions stay", async () => {
    const { client, workspace } = served()
    const folder = Path.join(workspace.root, "work-claude")
    const sessionId = "20000000-0000-4000-8000-000000000001"
    put(Path.join(folder, "projects/-elsewhere", `${sessionId}.jsonl`), promptLine(sessionId, 0, "from another folder", "/elsewhere"))
    const dirs = async () => (await client.query<{ readonly configDirs: Rows }>("ConfigDirsPageQuery")).configDirs
    const session = async () => (await client.query<{ readonly session: JsonObject | null }>("SessionPageBareQuery", { id: sessionId })).session
    const [own] = await dirs()
    expect(own).toMatchObject({ path: workspace.config, isDefault: true })
    expect(await session()).toBe(null)

    const mutate = (name: string, variables: JsonObject) => client.mutate<JsonObject>(name, variables)
    expect(await mutate("ConfigDirsPageRegisterMutation", { path: folder, name: "work" })).toEqual({ registerConfigDir: true })
    await until("its session", async () => (await session()) !== null)
    expect((await dirs()).find(({ path }) => path === folder)).toMatchObject({ id: `ConfigDir:${folder}`, name: "work", isDefault: false, sessionCount: 1 })
    expect(await session()).toMatchObject({ name: "from another folder", sourceConfigDir: folder })
    await expect(mutate("ConfigDirsPageRegisterMutation", { path: Path.join(folder, "nothing") })).rejects.toThrow("is not there")

    expect(await mutate("ConfigDirsPageUnregisterMutation", { path: folder })).toEqual({ unregisterConfigDir: true })
    expect((await dirs()).map(({ path }) => path)).not.toContain(folder)
    expect(await session()).toMatchObject({ name: "from another folder" })
    await expect(mutate("ConfigDirsPageUnregisterMutation", { path: workspace.config })).rejects.toThrow("default configuration folder")
  })
}
