import { memo, type ReactNode } from "react"
import Markdown, { type Components } from "react-markdown"
import gfm from "remark-gfm"
import css from "./Prose.module.css"

/** Addresses that a person may follow; everything else is text. */
const safe = /^(https?:|mailto:)/i

const components: Components = {
  a: ({ children, href }) =>
    href !== undefined && safe.test(href) ? (
      <a href={href} target="_blank" rel="noopener noreferrer">
        {children}
      </a>
    ) : (
      <span>{children}</span>
    ),
  // Never fetched: whoever serves it would learn who reads this, and when.
  img: ({ alt, src }) => (
    <span className={css.picture}>
      picture{alt !== undefined && alt !== "" ? `: ${alt}` : ""} {typeof src === "string" ? `(${src.slice(0, 200)})` : ""}
    </span>
  ),
  pre: ({ children }) => <Scrolled label="Code">{<pre>{children}</pre>}</Scrolled>,
  table: ({ children }) => <Scrolled label="Table">{<table>{children}</table>}</Scrolled>,
  input: ({ checked }) => <span>{checked === true ? "☑ " : "☐ "}</span>
}

const Scrolled = ({ children, label }: { readonly label: string; readonly children: ReactNode }) => (
  <div className={css.scroll} tabIndex={0} role="region" aria-label={label}>
    {children}
  </div>
)

const plugins = [gfm]

/** Markdown. HTML in it is shown as the text that it is. */
export const Prose = memo(({ text }: { readonly text: string }) => (
  <div className={css.prose} dir="auto">
    <Markdown remarkPlugins={plugins} components={components}>
      {text}
    </Markdown>
  </div>
))
