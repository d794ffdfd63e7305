import * as Schema from "effect/Schema"
import { AgentId, SessionId } from "./Entry.ts"

/** A change of a file that a tool call made. A call that failed changed nothing and is not here. */
export class FileChange extends Schema.Class<FileChange>("han-core/FileChange")({
  /** The tool call's id, or the id of the line that reports the change. */
  id: Schema.String,
  sessionId: SessionId,
  agentId: Schema.NullOr(AgentId),
  path: Schema.String,
  action: Schema.Literal("created", "modified", "deleted"),
  toolName: Schema.String,
  at: Schema.NullOr(Schema.Number),
  linesAdded: Schema.Int,
  linesRemoved: Schema.Int
}) {}
