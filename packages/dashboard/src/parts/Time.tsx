import { absolute, ago } from "../text/times.ts"
import { useNow } from "./useNow.ts"

/** How long ago; the whole time when it is pointed at. */
export const Time = ({ at, className }: { readonly at: string | null | undefined; readonly className?: string | undefined }) => {
  const now = useNow()
  return (
    <time className={className} dateTime={at ?? undefined} title={absolute(at)}>
      {ago(at, now)}
    </time>
  )
}
