import { Dialog } from "./Dialog.tsx"
import css from "./KeyHelp.module.css"

const keys: ReadonlyArray<readonly [string, string]> = [
  ["⌘K", "go to a page, a session or a project"],
  ["/", "search all messages"],
  ["j  k", "next, previous row or message"],
  ["Enter", "open"],
  ["Space", "look at a session beside the list"],
  ["[  ]", "previous, next prompt of a session"],
  ["e", "open and close all calls of tools"],
  ["G", "to the end of a session"],
  ["g s", "sessions"],
  ["g u", "usage"],
  ["g g", "gates"],
  ["g p", "projects"],
  ["?", "this list"],
  ["Esc", "close"]
]

export const KeyHelp = ({ close }: { readonly close: () => void }) => (
  <Dialog label="Keys" close={close}>
    <h2 className={css.title}>Keys</h2>
    <dl className={css.keys}>
      {keys.map(([key, does]) => (
        <div key={key}>
          <dt>
            {key.split("  ").map((one) => (
              <kbd key={one}>{one}</kbd>
            ))}
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
  </Dialog>
)
