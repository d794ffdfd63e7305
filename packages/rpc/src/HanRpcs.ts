import { CoordinatorRpcs } from "./CoordinatorRpcs.ts"
import { HookCacheRpcs } from "./HookCacheRpcs.ts"
import { HookHistoryRpcs } from "./HookHistoryRpcs.ts"
import { HookRpcs } from "./HookRpcs.ts"
import { HookRunnerRpcs } from "./HookRunnerRpcs.ts"
import { IndexRpcs } from "./IndexRpcs.ts"
import { JournalRpcs } from "./JournalRpcs.ts"
import { SearchRpcs } from "./SearchRpcs.ts"
import { SessionRpcs } from "./SessionRpcs.ts"
import { UsageRpcs } from "./UsageRpcs.ts"

/** Everything that a coordinator answers. */
export class HanRpcs extends SessionRpcs.merge(
  SearchRpcs,
  UsageRpcs,
  JournalRpcs,
  IndexRpcs,
  HookRpcs,
  HookCacheRpcs,
  HookRunnerRpcs,
  HookHistoryRpcs,
  CoordinatorRpcs
) {}
