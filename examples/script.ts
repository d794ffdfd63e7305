// A script that asks the running coordinator: the five dearest sessions.
import { connect } from "han-rpc/HanPromise"

await using han = await connect()
const { rows, totals } = await han.usage.report({ by: "session" })
for (const row of rows.slice(0, 5)) console.log((row.costNanoUsd / 1e9).toFixed(4), row.label)
console.log((totals.costNanoUsd / 1e9).toFixed(4), "in all")
