import { Fragment, isValidElement, memo, type ReactNode } from "react"
import Markdown, { type Components } from "react-markdown"
import gfm from "remark-gfm"
import { CodeLine } from "./CodeLine.tsx"
import { languageOf, useColours } from "./highlighting.ts"
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
  pre: ({ children }) => (
    <Scrolled label="Code">
      <Block>{children}</Block>
    </Scrolled>
  ),
  table: ({ children }) => <Scrolled label="Table">{<table>{children}</table>}</Scrolled>,
  input: ({ checked }) => <span>{checked === true ? "☑ " : "☐ "}</span>
}

/** A block of code: Markdown gives its language as a class. */
const Block = ({ children }: { readonly children: ReactNode }) => {
  const { className, children: code } = isValidElement<{ readonly className?: string; readonly children?: ReactNode }>(children) ? children.props : {}
  const text = typeof code === "string" ? code : ""
  const lines = useColours(text, languageOf(/language-([\w+-]+)/.exec(className ?? "")?.[1]))
  return (
    <pre>
      {lines === null ? (
        children
      ) : (
        <code>
          {lines.map((pieces, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the lines of one block never move.
            <Fragment key={index}>
              <CodeLine pieces={pieces} />
              {index < lines.length - 1 && "\n"}
            </Fragment>
          ))}
        </code>
      )}
    </pre>
  )
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
