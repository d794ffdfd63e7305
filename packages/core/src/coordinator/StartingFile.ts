import { spawnSync } from "node:child_process"
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/**
 * The process that starts or ends a coordinator in a HAN_HOME, and the step it is at: a file that others watch instead of a clock. It decides nothing: whether there is one
 * coordinator is the lock's to say. While one runs and answers there is no file.
 */
export interface Starting {
  readonly pid: number
  /** The start of that process, as the system counts it; empty where it does not say. Numbers of processes are given again. */
  readonly born: string
  /** The step that it is at: completes a sentence that begins with its name. */
  readonly step: string
}

const fileIn = (home: string): string => join(home, "starting.json")

/** Reads the file, whoever wrote it; undefined when there is none. */
export const read = (home: string): Starting | undefined => {
  try {
    const { born, pid, step }: Record<string, unknown> = JSON.parse(readFileSync(fileIn(home), "utf8"))
    return typeof pid === "number" && typeof born === "string" && typeof step === "string" ? { pid, born, step } : undefined
  } catch {
    // None, or not a whole one: somebody writes it anew soon, or nobody is there to wait for.
    return undefined
  }
}

/** Says where a process is. Throws what the system says when it cannot be written. */
export const write = (home: string, pid: number, step: string): void => replace(home, { pid, born: bornOf(pid), step })

/** Takes the file for `pid`, in a home that is made when there is none; false when somebody has it who is alive. Throws what the system says when it cannot be written. */
export const claim = (home: string, pid: number, step: string): boolean => {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const mine = { pid, born: bornOf(pid), step }
  const temporary = temporaryIn(home)
  writeFileSync(temporary, JSON.stringify(mine), { mode: 0o600 })
  try {
    linkSync(temporary, fileIn(home))
    return true
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error
    const found = read(home)
    if (found !== undefined && isAlive(found)) return false
    renameSync(temporary, fileIn(home))
    return true
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** Takes the file away if it is of one of these processes. */
export const remove = (home: string, pids: ReadonlyArray<number>): void => {
  const found = read(home)
  if (found !== undefined && pids.includes(found.pid)) rmSync(fileIn(home), { force: true })
}

const temporaryIn = (home: string): string => `${fileIn(home)}.${process.pid}`

const replace = (home: string, starting: Starting): void => {
  const temporary = temporaryIn(home)
  writeFileSync(temporary, JSON.stringify(starting), { mode: 0o600 })
  renameSync(temporary, fileIn(home))
}

/** Tells whether the process that wrote it, or that it names, is there. */
export const isAlive = ({ born, pid }: Starting): boolean => isRunning(pid) && (born === "" || born === bornOf(pid))

/** Tells whether there is such a process that has not ended. */
export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
  // In a container whose first process does not wait for others, an ended process keeps its number.
  return process.platform !== "linux" || (statOf(pid)?.[0] ?? "Z") !== "Z"
}

/** The fields of Linux's `/proc/PID/stat` behind the name; undefined when there is no such process. */
const statOf = (pid: number): ReadonlyArray<string> | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  } catch {
    return undefined
  }
}

const bornOf = (pid: number): string => (process.platform === "linux" ? (statOf(pid)?.[19] ?? "") : "")

/**
 * Milliseconds that a process has worked, or has waited for a processor to work on: one that is kept from its work by others does not stand still. Null when the
 * system does not say.
 */
export const effortMs = (pid: number): number | null => {
  if (process.platform !== "linux") return effortByPs(pid)
  try {
    const [worked, waited] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ").map(Number)
    return ((worked ?? 0) + (waited ?? 0)) / 1e6
  } catch {
    // A kernel without these figures counts in hundredths of a second.
    const stat = statOf(pid)
    return stat === undefined ? null : (Number(stat[11]) + Number(stat[12])) * 10
  }
}

/** `12:34.56`, or `1-02:03:04`. */
const effortByPs = (pid: number): number | null => {
  const { status, stdout } = spawnSync("ps", ["-o", "time=", "-p", String(pid)], { encoding: "utf8" })
  if (status !== 0) return null
  const parts = stdout.trim().split(/[-:]/).map(Number)
  const seconds = parts.reduce((sum, part, index) => sum * (index === 1 && parts.length === 4 ? 24 : 60) + part, 0)
  return Number.isFinite(seconds) ? seconds * 1000 : null
}
