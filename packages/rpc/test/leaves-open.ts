// A script that does not close its connection: it must end all the same.
import { connect } from "han-rpc/HanPromise"

const han = await connect({ socket: process.argv[2] ?? "" })
process.stdout.write(`${await han.sessions.count()}\n`)
