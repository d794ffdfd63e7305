/** The kinds of a line's fields, by their paths: `.a[].b` is `b` of each object in the array `a`. */
export interface MaskedPaths {
  /** Strings that stay as far as they are made of the characters of ids and names. */
  readonly ids: ReadonlySet<string>
  /** Strings that stay: paths of files, branches. */
  readonly paths: ReadonlySet<string>
  /** Texts: they say something or nothing, and no more. */
  readonly words: ReadonlySet<string>
  /** Texts whose lines are counted and compared. */
  readonly lined: ReadonlySet<string>
  /** Lines of patches. */
  readonly patches: ReadonlySet<string>
  /** Objects of tools, hooks and people: keys that are not `known` go with what they hold. */
  readonly free: ReadonlyArray<string>
  readonly known: ReadonlySet<string>
  /** Objects whose keys are paths of files. */
  readonly named: ReadonlySet<string>
}

const split = (text: string): ReadonlyArray<string> => text.trim().split(/\s+/)

interface Given {
  readonly ids: string
  readonly paths: string
  readonly words: string
  readonly lined?: string
  readonly patches?: string
  /** Numbers and the like that stay in objects of others. */
  readonly facts: string
  readonly free: string
  readonly named?: string
}

const pathsOf = ({ facts, free, ids, lined = "", named = "", patches = "", paths, words }: Given): MaskedPaths => {
  const all = [ids, paths, words, lined, patches, facts, named].flatMap(split)
  // Whatever is on the way to a known field is known.
  const known = all.flatMap((path) =>
    [...path.matchAll(/\.[^.[]+(?:\[\])*/g)].map(({ 0: step, index }) => path.slice(0, index + step.length).replace(/(?:\[\])+$/, ""))
  )
  return {
    ids: new Set(split(ids)),
    paths: new Set(split(paths)),
    words: new Set(split(words)),
    lined: new Set(split(lined)),
    patches: new Set(split(patches)),
    free: split(free),
    known: new Set(known),
    named: new Set(split(named))
  }
}

/** Lines of Claude Code, and of agents that write as it does. */
export const clientPaths: MaskedPaths = pathsOf({
  ids: `
    .type .subtype .uuid .parentUuid .logicalParentUuid .timestamp .sessionId .session_id .agentId .version .slug .userType .entrypoint .requestId .promptId
    .requestSessionId .forkedFrom.sessionId .forkedFrom.messageUuid .requestRef .originUuid .madeBy .model .id .key .base .hash .shapeHash .requestDigest .messageId
    .snapshotMessageId .leafUuid .role .level .mode .permissionMode .promptSource .turnOrigin .origin.kind .operation .reason .error .apiErrorType .toolDenialKind
    .sourceToolUseID .sourceToolAssistantUUID .toolUseID .parentToolUseID .toolUseId .tool_use_id .name .querySource .prRepository .trigger .stopReason .summaryUuid
    .requestedModel .originalModel .fallbackModel .source .effort .atis .agentSetting .agentColor .tools[]
    .message.id .message.type .message.role .message.model .message.stop_reason .message.content[].type .message.content[].id .message.content[].name
    .message.content[].tool_use_id .message.content[].content[].type .message.content[].content[].tool_name .message.usage.service_tier .message.usage.speed
    .message.usage.inference_geo .usage.service_tier .usage.speed .usage.inference_geo .content[].type .content[].id .content[].name .content[].tool_use_id
    .compactMetadata.trigger .compactMetadata.preservedSegment.anchorUuid .compactMetadata.preservedSegment.headUuid .compactMetadata.preservedSegment.tailUuid
    .compactMetadata.preservedMessages.anchorUuid .compactMetadata.preservedMessages.uuids[] .compactMetadata.preservedMessages.allUuids[]
    .message.content[].input.subagent_type .message.content[].input.taskId .message.content[].input.status .message.content[].input.team_name
    .message.content[].input.addBlocks[] .message.content[].input.addBlockedBy[] .message.content[].input.edit_mode .message.content[].input.todos[].status
    .input.subagent_type .input.taskId .input.status .input.todos[].status .input.edit_mode .input.team_name
    .toolUseResult.type .toolUseResult.status .toolUseResult.agentId .toolUseResult.agentType .toolUseResult.task.id .toolUseResult.taskId .toolUseResult.resolvedModel
    .toolUseResult.statusChange.from .toolUseResult.statusChange.to
    .attachment.type .attachment.toolUseID .attachment.hookEvent .attachment.hookName .attachment.decision .attachment.commandMode .attachment.origin.kind
    .attachment.agentType .attachment.toolName .attachment.commandName .attachment.prompt[].type .params.model .snapshot.messageId .snapshot.timestamp
    .worktreeSession.worktreeName`,
  paths: `
    .cwd .gitBranch .prUrl .trackingPath .relocatedCwd .worktreeSession.worktreePath .worktreeSession.worktreeBranch .worktreeSession.originalCwd
    .message.content[].input.file_path .message.content[].input.notebook_path .input.file_path .input.notebook_path
    .toolUseResult.filePath .toolUseResult.file.filePath .toolUseResult.gitOperation.pr.url .toolUseResult.persistedOutputPath .attachment.filename .attachment.path
    .attachment.planFilePath .attachment.files[].path`,
  words: `
    .message.content .message.content[] .message.content[].text .message.content[].thinking .message.content[].content .message.content[].content[]
    .message.content[].content[].text .content .content[] .content[].text .content[].content .content[].content[].text .summary .lastPrompt .customTitle .aiTitle
    .agentName .tag .args .result .error.formatted .error.message .hookErrors[] .hookAdditionalContext[]
    .message.content[].input.subject .message.content[].input.description .message.content[].input.activeForm .message.content[].input.owner
    .message.content[].input.todos[].content .message.content[].input.todos[].activeForm .input.subject .input.description .input.activeForm .input.todos[].content .input.todos[].activeForm
    .attachment.prompt .attachment.prompt[] .attachment.prompt[].text .attachment.content .attachment.content[] .attachment.message .attachment.stderr .attachment.stdout
    .attachment.condition .attachment.banner .attachment.blockingError.blockingError`,
  lined: `
    .message.content[].input.content .message.content[].input.new_source .message.content[].input.old_string .message.content[].input.new_string
    .message.content[].input.edits[].old_string .message.content[].input.edits[].new_string .input.content .input.new_source .input.old_string .input.new_string
    .input.edits[].old_string .input.edits[].new_string`,
  patches: ".toolUseResult.structuredPatch[].lines[] .result.structuredPatch[].lines[]",
  facts: `
    .message.content[].input.replace_all .input.replace_all .toolUseResult.success .toolUseResult.structuredPatch[].oldStart .toolUseResult.structuredPatch[].oldLines
    .toolUseResult.structuredPatch[].newStart .toolUseResult.structuredPatch[].newLines .toolUseResult.gitOperation.pr.number .toolUseResult.totalTokens
    .toolUseResult.totalDurationMs .toolUseResult.totalToolUseCount .attachment.timedOut .attachment.exitCode .attachment.durationMs .result.success .result.taskId .result.task.id`,
  free: ".message.content[].input .input .toolUseResult .attachment .params .shape .rendered .result",
  named: ".snapshot.trackedFileBackups"
})

/** Lines of han's own log and of its bridges. */
export const hanPaths: MaskedPaths = pathsOf({
  ids: `
    .type .uuid .parentUuid .id .timestamp .sessionId .session_id .agentId .version .hookRunId .ref .harness
    .data.plugin .data.marketplace .data.hook .data.hook_type .data.reason .data.verdict .data.orchestration_id .data.tool_use_id .data.content_key .data.command_hash
    .data.hook_run_id .data.call_id .data.model .data.tool .data.prefixed_name .data.tool_name .data.server .data.task_id .data.outcome .data.task_type`,
  paths: ".cwd .gitBranch .data.directory .data.file_path",
  words: "",
  facts: `
    .data.cached .data.duration_ms .data.exit_code .data.success .data.flaky .data.file_count .data.cost_usd .data.input_tokens .data.output_tokens .data.cache_read_tokens
    .data.cache_creation_tokens .data.duration_seconds .data.confidence`,
  free: ".data"
})
