import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { managedSettings } from "han-core/ClaudeFolders"
import { Indexer } from "han-core/Indexer"
import { StoreInfo } from "han-core/StoreInfo"
import * as StartingFile from "han-core/unstable/StartingFile"
import { Viewer } from "han-core/Viewer"
import { Coordinator as RunningCoordinator } from "han-rpc/Coordinator"
import { version } from "han-rpc/Version"
import * as Coordinator from "../Coordinator.ts"
import * as Home from "../home/Home.ts"
import * as Log from "../home/Log.ts"
import * as Dashboard from "../http/Dashboard.ts"
import * as GraphqlSource from "../http/GraphqlSource.ts"
import * as HttpServer from "../http/HttpServer.ts"
import { hostOf, originOf } from "../loopback/LoopbackGuard.ts"
import { coordinatorSettings } from "../sync/coordinatorSettings.ts"
import { projectRules } from "../sync/projectRules.ts"
import * as Sync from "../sync/Sync.ts"
import * as WriteState from "../WriteState.ts"
import { type Asked, parse } from "./serveOptions.ts"
import { onSignals } from "./signals.ts"

const usage = `han-coordinator ${version}: keeps, indexes and serves this machine's agent transcripts

  han-coordinator serve [options]
  han-coordinator restore-backup FILE   ends the coordinator that runs, and puts a backup in the place of its store

  --root DIR         one more configuration folder to index, beside CLAUDE_CONFIG_DIR and ~/.claude; may be given several times
  --port N           serve HTTP at this port of 127.0.0.1 (${HttpServer.standardPort}), 0 for any free one
  --allow-host H     serve HTTP under this name, too: name or name:port; may be given several times
  --allow-origin O   let pages of this origin use HTTP, too: https://name; may be given several times
  --background       go on without HTTP when its port is taken

  HAN_HOME           the folder that it owns; ~/.han if not set
  HAN_PORT           as --port
  CLAUDE_CONFIG_DIR  Claude Code's configuration folder, or several with commas between them
`

/** The coordinator as a program, in the foreground until it is told to stop. Resolves with the exit code. Reads the environment and takes the signals of this process. */
export const run = async (argv: ReadonlyArray<string>): Promise<number> => {
  const asked = parse(argv, process.env)
  if (asked._tag === "Help") {
    process.stdout.write(usage)
    return 0
  }
  if (asked._tag === "Wrong") {
    process.stderr.write(`han: ${asked.message}\n\n${usage}`)
    return 2
  }
  process.umask(0o077)
  const home = Path.resolve(process.env["HAN_HOME"] || Path.join(Os.homedir(), ".han"))
  const writing = WriteState.make()
  const log = (path: string) => Log.layer({ path, failing: (failure) => writing.note("log", failure) })
  const exit = await Effect.runPromiseExit(Effect.flatMap(Home.open(home), (home) => Effect.provide(serve(home, asked, writing), log(home.log))))
  if (Exit.isSuccess(exit)) return 0
  const failure = Cause.failureOption(exit.cause)
  process.stderr.write(`han: ${Option.isSome(failure) ? failure.value.message : Cause.pretty(exit.cause)}\n`)
  return 1
}

/** The folders of Claude Code on this machine. The variable names one; several with commas are understood as well. */
const claudeFolders = (): ReadonlyArray<string> => {
  const named = process.env["CLAUDE_CONFIG_DIR"] ?? ""
  const folders = Fs.existsSync(named)
    ? [named]
    : named
        .split(",")
        .map((folder) => folder.trim())
        .filter((folder) => folder !== "")
  return [...folders.map((folder) => Path.resolve(folder)), Path.join(Os.homedir(), ".claude")]
}

const serve = (home: Home.Home, asked: Extract<Asked, { readonly _tag: "Serve" }>, writing: WriteState.WriteState) =>
  Effect.scoped(
    Effect.gen(function* () {
      const roots = [...claudeFolders(), ...asked.roots]
      const stopping = yield* Deferred.make<string>()
      yield* onSignals(stopping)
      const services = yield* Layer.build(
        Coordinator.layer({
          home,
          roots: roots.map((path) => ({ path })),
          stop: Effect.asVoid(Deferred.succeed(stopping, "asked by a client")),
          managedSettings: managedSettings(process.platform),
          environment: process.env,
          writing,
          step: (step) => whereItIs(home, step),
          graphql: GraphqlSource.load,
          sync: layerSync(home),
          http: httpOf(home, asked)
        })
      )
      // What hooks said while nobody answered them is over.
      yield* Effect.catchAll(
        Home.attempt(home.told, "cannot be removed", () => Fs.rmSync(home.told, { recursive: true, force: true })),
        ({ message }) => Effect.logWarning(message)
      )
      yield* whereItIs(home, null)
      const store = Context.get(services, StoreInfo)
      const { http, remaking } = yield* Effect.orDie(Context.get(services, RunningCoordinator).status)
      const { roots: indexed } = yield* Context.get(services, Indexer).status
      yield* Effect.annotateLogs(Effect.logInfo("started"), {
        version,
        pid: process.pid,
        home: home.path,
        roots,
        engine: store.engine,
        engineVersion: store.version,
        http: http.state === "off" ? "off" : http.url
      })
      if (store.warning !== null) {
        yield* Effect.logWarning(store.warning)
        process.stderr.write(`han: warning: ${store.warning}\n`)
      }
      say([
        `han coordinator ${version} is running (process ${process.pid})`,
        `  indexes   ${indexed.length === 0 ? roots.join(", ") : indexed.map((root) => (root.state === "missing" ? `${root.path} (not there yet)` : root.path)).join(", ")}`,
        `  database  ${store.location} (SQLite ${store.version})`,
        ...(remaking === null ? [] : ["            which an earlier build wrote, and is made anew: `han coordinator status` tells how far that is"]),
        `  socket    ${home.socket}`,
        `  HTTP      ${http.state === "off" ? http.reason : `${http.url}, GraphQL at /graphql`}`,
        `  log       ${home.log}`,
        ...(yield* dashboardAddress(asked.background, services)),
        "In another terminal: `han sessions`, `han search TEXT`, `han tail`, `han open`, `han doctor`. Ctrl-C stops it."
      ])
      yield* Effect.forkScoped(announceFirstPass(Context.get(services, Indexer)))
      const why = yield* Deferred.await(stopping)
      yield* Effect.annotateLogs(Effect.logInfo("stopping"), { why })
      say([`stopping (${why})`])
      yield* whereItIs(home, "is ending, and writes what it has begun")
    })
  ).pipe(Effect.ensuring(whereItIs(home, null)))

const httpOf = (home: Home.Home, asked: Extract<Asked, { readonly _tag: "Serve" }>) => ({
  port: asked.port ?? home.config.port ?? HttpServer.standardPort,
  optional: asked.background,
  dashboard: Dashboard.load,
  allowHosts: [...asked.allowHosts, ...(home.config.allowHosts ?? []).flatMap((host) => hostOf(host) ?? [])],
  allowOrigins: [...asked.allowOrigins, ...(home.config.allowOrigins ?? []).flatMap((origin) => originOf(origin) ?? [])]
})

/** An address that lets a browser in. Who starts the program in the background asks for one when they want it. */
const dashboardAddress = (background: boolean, services: Context.Context<RunningCoordinator>) =>
  background
    ? Effect.succeed([])
    : Effect.match(Context.get(services, RunningCoordinator).openUrl, {
        onSuccess: (address) => [`  dashboard ${address}`, "            lets one browser in, within ten minutes; `han open` makes another address"],
        onFailure: () => []
      })

/** Sends what `config.json` and the environment say; nothing where they say nothing. */
const layerSync = (home: Home.Home) =>
  Sync.layerSettings({
    machine: home.machine,
    settings: coordinatorSettings({ configFile: home.configFile, home: home.path, environment: process.env }),
    environment: process.env,
    projects: projectRules(process.env["HOME"] ?? process.env["USERPROFILE"])
  }).pipe(Layer.provide([FetchHttpClient.layer, Viewer.layerLocal]))

/** For those who wait for it to listen, or to end; null: it does, or has. */
const whereItIs = (home: Home.Home, step: string | null) =>
  Effect.catchAll(
    Home.attempt(home.path, "cannot be written", () =>
      step === null ? StartingFile.remove(home.path, [process.pid]) : StartingFile.write(home.path, process.pid, step)
    ),
    // Others see less of it, and that is all.
    ({ message }) => Effect.logWarning(message)
  )

const say = (lines: ReadonlyArray<string>) => {
  process.stdout.write(`${lines.join("\n")}\n`)
}

const announceFirstPass = (indexer: typeof Indexer.Service) =>
  Effect.gen(function* () {
    let status = yield* indexer.status
    while (status.lastPassAt === null) {
      yield* Effect.sleep("500 millis")
      status = yield* indexer.status
    }
    say([`everything is indexed (${(status.bytesRead / 1e6).toFixed(1)} MB read); following what comes`])
  })
