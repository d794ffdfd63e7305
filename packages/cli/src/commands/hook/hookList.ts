import * as Effect from "effect/Effect"
import { type ClientHook, type Hook, type HookTrigger, triggerText } from "han-core/Hook"
import { hookEventNames, isHookEvent, unknownEvent } from "han-core/HookEvents"
import { type HookList, Hooks } from "han-core/Hooks"
import { doubleCalls, doubleText, waitingInVain } from "han-core/unstable/HookCallers"
import { isMeant, matches, triggerIn } from "han-core/unstable/HookMatcher"
import { answered, ask, print } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { BadUsage } from "../../environment/CommandFailed.ts"
import * as Shape from "../../export/JsonShapes.ts"
import { calledBy, callsShape } from "../../hook/CallerText.ts"
import { problemsText, untrustedText } from "../../hook/HookText.ts"
import { hookQuery } from "../../hook/ProjectFolder.ts"
import { plainLine, toJson } from "../../terminal/PlainText.ts"
import { type Style, styleOf } from "../../terminal/Style.ts"
import { table } from "../../terminal/Table.ts"

export interface Options {
  readonly event: string | undefined
  readonly project: string | undefined
  readonly json: boolean
}

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const { event } = options
      const asked = triggerIn(event ?? "")
      if (event !== undefined && !isHookEvent(asked.event)) {
        return yield* Effect.fail(new BadUsage(`hook list: ${unknownEvent(event)}; those are ${hookEventNames.join(", ")}`))
      }
      const list = yield* answered(
        host,
        "hooks",
        Effect.flatMap(Hooks, (hooks) => hooks.list(hookQuery(options.project, host)))
      )
      const about = asked.values ?? [null]
      const isAsked = (trigger: HookTrigger) => trigger.event === asked.event && about.some((value) => isMeant(trigger, value))
      const hooks = list.hooks.filter(({ triggers }) => event === undefined || triggers.some(isAsked))
      const isRun = ({ matcher }: ClientHook) => about.some((value) => value === null || matches(asked.event, matcher, value))
      const clientHooks = list.clientHooks.filter((hook) => event === undefined || (hook.event === asked.event && isRun(hook)))
      if (options.json) {
        const { digest, hooks: ids, outdated } = list.trust
        return yield* print(
          host.out,
          `${toJson({
            projectPath: list.projectPath,
            hooks: hooks.map((hook) => ({ ...Shape.hook(hook), calls: callsShape(hook, list) })),
            clientHooks: clientHooks.map(Shape.clientHook),
            trust: { digest, hooks: ids, decision: list.trust.decision === null ? null : Shape.trustDecision(list.trust.decision), outdated },
            doubles: doubleCalls(clientHooks, list.client.ignored),
            problems: list.problems
          })}\n`
        )
      }
      const style = styleOf(host.terminal)
      const where = { width: host.terminal.columns, style }
      const parts = [
        hooks.length === 0
          ? `No plugin that is enabled has a hook${event === undefined ? "" : ` for ${event}`} in ${plainLine(list.projectPath)}; \`han plugin list\` shows the plugins.\n`
          : table(hooks, columnsOf(list), where),
        notesText(list, hooks, clientHooks, style),
        clientHooks.length === 0 ? "" : `${style.bold("Run by Claude Code itself")}\n${table(clientHooks, clientColumns, where)}`,
        untrustedText({ ...list, hooks }, style),
        problemsText(list.problems, style)
      ]
      yield* print(host.out, parts.filter((part) => part !== "").join("\n"))
    })
  )

const stateOf = (hook: Hook): string => (hook.enabled ? hook.trust.state : "off")

/** Names hooks that wait in vain, and events that are called for several times. */
const notesText = (list: HookList, hooks: ReadonlyArray<Hook>, clientHooks: ReadonlyArray<ClientHook>, style: Style): string =>
  [...waitingInVain(list, { of: (hook) => hooks.includes(hook) }), ...doubleCalls(clientHooks, list.client.ignored).map(doubleText)]
    .map((note) => `${style.yellow("note")}  ${plainLine(note)}\n`)
    .join("")

const columnsOf = (list: HookList) => [
  { header: "HOOK", cell: (hook: Hook) => hook.id, atLeast: 20 },
  {
    header: "STATE",
    cell: stateOf,
    paint: (style: Style, hook: Hook) => (stateOf(hook) === "untrusted" ? style.yellow : stateOf(hook) === "off" ? style.dim : style.green)
  },
  { header: "EVENTS", cell: (hook: Hook) => hook.triggers.map(triggerText).join(", "), atLeast: 12 },
  { header: "CALLED BY", cell: (hook: Hook) => calledBy(hook, list), atLeast: 10 },
  { header: "WHERE", cell: (hook: Hook) => hook.dirsWith.join(", "), atLeast: 8 },
  { header: "COMMAND", cell: (hook: Hook) => hook.command, atLeast: 20 }
]

const clientColumns = [
  { header: "EVENT", cell: (hook: ClientHook) => (hook.matcher === null ? hook.event : `${hook.event}:${hook.matcher}`), atLeast: 12 },
  { header: "FROM", cell: (hook: ClientHook) => hook.plugin ?? `${hook.scope} settings`, atLeast: 12 },
  { header: "TYPE", cell: (hook: ClientHook) => (hook.async ? `${hook.type}, async` : hook.type) },
  { header: "WHAT", cell: (hook: ClientHook) => [hook.what ?? "", ...(hook.args ?? [])].join(" "), atLeast: 20 }
]
