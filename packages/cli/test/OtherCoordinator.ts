import { createServer, type Server, type Socket } from "node:net"
import { createInterface } from "node:readline"

/** A coordinator of another release: it shakes hands, stops when it is asked to, and answers nothing else. */
export const otherCoordinator = (
  path: string,
  theirs: { readonly version: string; readonly protocol: number; readonly pid: number }
): Promise<{ readonly asked: ReadonlyArray<string>; readonly close: () => void }> => {
  const asked: Array<string> = []
  const open = new Set<Socket>()
  const server: Server = createServer((socket) => {
    open.add(socket)
    socket.on("error", () => open.delete(socket))
    createInterface({ input: socket }).on("line", (line) => {
      const request: { readonly _tag: string; readonly id: string; readonly tag: string } = JSON.parse(line)
      if (request._tag !== "Request") return
      asked.push(request.tag)
      const answer = (value?: unknown) =>
        socket.write(`${JSON.stringify({ _tag: "Exit", requestId: request.id, exit: { _tag: "Success", ...(value === undefined ? {} : { value }) } })}\n`)
      if (request.tag === "Coordinator.handshake") answer(theirs)
      if (request.tag === "Coordinator.stop") {
        answer()
        close()
      }
    })
  })
  const close = () => {
    server.close()
    for (const socket of open) socket.end()
  }
  return new Promise((resolve) => server.listen(path, () => resolve({ asked, close })))
}
