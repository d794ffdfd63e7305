import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router"
import { Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react"
import { useLinkState } from "../relay/asking.ts"
import css from "./Frame.module.css"
import { KeyHelp } from "./KeyHelp.tsx"
import { useKeys } from "./keys.ts"
import { Palette } from "./Palette.tsx"
import { Fallible } from "./Problem.tsx"
import { type Theme, theme } from "./theme.ts"
import { Waiting } from "./Waiting.tsx"

export const pages = [
  { to: "/", label: "Sessions", keys: "g s" },
  { to: "/search", label: "Search", keys: "/" },
  { to: "/usage", label: "Usage", keys: "g u" },
  { to: "/gates", label: "Gates", keys: "g g" },
  { to: "/projects", label: "Projects", keys: "g p" },
  { to: "/sync", label: "Sync", keys: "g y" },
  { to: "/settings", label: "Settings", keys: "g ," }
] as const

/** What is around every page: where one can go, and whether the line to han is there. */
export const Frame = () => {
  const [open, setOpen] = useState<"palette" | "keys" | undefined>()
  const navigate = useNavigate()
  const pathname = useRouterState({ select: ({ location }) => location.pathname })
  const nav = useRef<HTMLElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: on a narrow screen the page's own name is brought into sight.
  useEffect(() => {
    nav.current?.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "nearest" })
  }, [pathname])
  useKeys({
    "mod-k": () => setOpen((now) => (now === "palette" ? undefined : "palette")),
    "?": () => setOpen("keys"),
    "/": () => void navigate({ to: "/search" }),
    "g-s": () => void navigate({ to: "/" }),
    "g-u": () => void navigate({ to: "/usage" }),
    "g-g": () => void navigate({ to: "/gates" }),
    "g-p": () => void navigate({ to: "/projects" }),
    "g-y": () => void navigate({ to: "/sync" }),
    "g-,": () => void navigate({ to: "/settings" })
  })
  return (
    <div className={css.frame}>
      <a className={css.skip} href="#main">
        Skip to the page
      </a>
      <header className={css.top}>
        <Link to="/" className={css.mark} aria-label="han: sessions">
          han
        </Link>
        <nav ref={nav} className={css.nav} aria-label="Pages">
          {pages.map(({ keys, label, to }) => (
            <Link key={to} to={to} className={css.tab} activeOptions={{ exact: to === "/", includeSearch: false }} title={`${label} (${keys})`}>
              {label}
            </Link>
          ))}
        </nav>
        <LinkLamp />
        <button type="button" className={css.find} onClick={() => setOpen("palette")} aria-keyshortcuts="Control+K Meta+K">
          <span className={css.findText}>Go to</span> <kbd>⌘K</kbd>
        </button>
        <ThemeSwitch />
      </header>
      <main id="main" className={css.main} tabIndex={-1}>
        <Fallible key={pathname}>
          <Suspense fallback={<Waiting />}>
            <Outlet />
          </Suspense>
        </Fallible>
      </main>
      {open === "palette" && <Palette close={() => setOpen(undefined)} />}
      {open === "keys" && <KeyHelp close={() => setOpen(undefined)} />}
    </div>
  )
}

const lampWords = { connecting: "connecting", open: "live", lost: "reconnecting" } as const

const LinkLamp = () => {
  const state = useLinkState()
  return (
    <span
      className={css.lamp}
      data-state={state}
      role="status"
      title={state === "open" ? "What happens is shown as it happens." : "han does not answer; what is shown may be old."}
    >
      {lampWords[state]}
    </span>
  )
}

const order: ReadonlyArray<Theme> = ["system", "light", "dark"]
const signs = { system: "◐", light: "○", dark: "●" } as const

const ThemeSwitch = () => {
  const now = useSyncExternalStore(theme.listen, theme.now)
  const next = order[(order.indexOf(now) + 1) % order.length] ?? "system"
  return (
    <button
      type="button"
      className={css.theme}
      onClick={() => theme.choose(next)}
      title={`Colours: ${now}. Press for ${next}.`}
      aria-label={`Colours: ${now}; change to ${next}`}
    >
      {signs[now]}
    </button>
  )
}
