import { GraphQLEnumType } from "graphql"

const enumOf = (name: string, description: string, values: Readonly<Record<string, string>>): GraphQLEnumType =>
  new GraphQLEnumType({ name, description, values: Object.fromEntries(Object.entries(values).map(([value, says]) => [value, { value, description: says }])) })

export const OrderDirection = enumOf("OrderDirection", "Which end of an order comes first.", { ASC: "The smallest first.", DESC: "The greatest first." })
export const Granularity = enumOf("Granularity", "How long a period of a timeline is.", {
  day: "A day in the server's time zone.",
  week: "A week from Monday on.",
  month: "A month of the calendar."
})
export const MetricsPeriod = enumOf("MetricsPeriod", "How far back metrics look.", { DAY: "24 hours.", WEEK: "Seven days.", MONTH: "30 days." })
export const FileChangeAction = enumOf("FileChangeAction", "What happened to a file.", {
  created: "It was written anew.",
  modified: "Its content changed.",
  deleted: "It is gone."
})
export const PluginScope = enumOf("PluginScope", "Which settings file says it.", {
  USER: "The user's own, for all projects.",
  PROJECT: "The project's, shared with others.",
  LOCAL: "The project's, this user's alone."
})
export const TaskOutcome = enumOf("TaskOutcome", "How a task ended.", { SUCCESS: "Done.", PARTIAL: "Under way.", FAILURE: "Not done." })
export const TaskStatus = enumOf("TaskStatus", "Where a task stands.", { ACTIVE: "Under way.", COMPLETED: "Done.", FAILED: "Given up." })
export const TaskType = enumOf("TaskType", "What kind of work it is.", {
  FIX: "Mending what is broken.",
  IMPLEMENTATION: "Building something.",
  REFACTOR: "Changing the shape, not what it does.",
  RESEARCH: "Finding out."
})
export const TodoStatus = enumOf("TodoStatus", "Where a to-do stands.", { pending: "Not begun.", in_progress: "Under way.", completed: "Done." })
export const SyncState = enumOf("SyncState", "What sync does.", {
  DISABLED: "It is off; nothing is sent.",
  IDLE: "All that may be sent is there, or waits for its time.",
  SYNCING: "It sends.",
  BACKING_OFF: "A request failed; it is tried again.",
  OFFLINE: "The server cannot be reached; it is tried again.",
  PAUSED_AUTH: "The server refuses the key; a person has to give another.",
  PAUSED_PLAN: "The workspace's plan takes no more; a person has to change it.",
  PAUSED_CONFIG: "A setting is wrong, or the server does not understand this version; a person has to correct it."
})
export const SessionSyncState = enumOf("SessionSyncState", "Whether a team server has a session.", {
  SYNCED: "It has all lines.",
  WAITING: "Lines wait.",
  EXCLUDED: "It stays on this machine.",
  QUARANTINED: "The server refused it; it stays here until a person does something.",
  OFF: "Nothing is sent."
})
