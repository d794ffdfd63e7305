import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { byteSize, count } from "./Figures.ts"
import { fit } from "./Width.ts"

export interface Done {
  readonly files: number
  readonly filesDone: number
  readonly bytes: number
  readonly bytesDone: number
}

/** One line on standard error that is drawn over and over; nothing when that is no terminal. */
export const progressBar = (host: Pick<CliEnvironment, "terminal" | "now">): { readonly draw: (done: Done) => string; readonly clear: () => string } => {
  let drawnAt: number | undefined
  return {
    draw: (done) => {
      const now = host.now()
      if (!host.terminal.progress || done.files === 0 || (drawnAt !== undefined && now - drawnAt < 80 && done.bytesDone < done.bytes)) return ""
      drawnAt = now
      const columns = Number.isFinite(host.terminal.columns) ? host.terminal.columns : 80
      return `\r\u001b[2K${fit(barLine(done), columns - 1)}`
    },
    clear: () => (drawnAt === undefined ? "" : "\r\u001b[2K")
  }
}

export const barLine = ({ bytes, bytesDone, files, filesDone }: Done): string => {
  const part = bytes <= 0 ? 1 : Math.min(1, Math.max(0, bytesDone / bytes))
  const filled = Math.floor(part * 24)
  return `${"█".repeat(filled)}${"░".repeat(24 - filled)} ${String(Math.floor(part * 100)).padStart(3)} %  ${byteSize(bytesDone)} of ${byteSize(bytes)}  ${count(filesDone)} of ${count(files)} files`
}
