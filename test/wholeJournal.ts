import { type JournalServices, wholeJournal } from "../packages/sql/src/testing/wholeJournal.ts"

// Tests of other packages take what all tests share from here.
export { type JournalServices, wholeJournal }
