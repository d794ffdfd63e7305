import { useState } from "react"
import { modelName } from "../text/columns.ts"
import { dollars } from "../text/figures.ts"
import { dayName } from "../text/times.ts"
import css from "./DayBars.module.css"

export interface Day {
  readonly date: string
  /** The same models in the same order on each day; null: no price is known. */
  readonly parts: ReadonlyArray<{ readonly model: string; readonly cost: number | null }>
}

const height = 150
const tones = 6

/** A step of the scale that people read: 1, 2 or 5 times a power of ten. */
const roundStep = (most: number): number => {
  const power = 10 ** Math.floor(Math.log10(most / 3))
  return ([1, 2, 5, 10].find((times) => times * power >= most / 3) ?? 10) * power
}

const sumOf = ({ parts }: Day): number => parts.reduce((sum, { cost }) => sum + (cost ?? 0), 0)

/** Cost by day, stacked by model. The table below it says the same in figures. */
export const DayBars = ({ days, models }: { readonly days: ReadonlyArray<Day>; readonly models: ReadonlyArray<string> }) => {
  const [at, setAt] = useState<number | undefined>()
  const most = Math.max(0.01, ...days.map(sumOf))
  const step = roundStep(most)
  const top = Math.ceil(most / step) * step
  const width = 100 / days.length
  const shown = at === undefined ? undefined : days[at]
  return (
    <figure className={css.figure}>
      <figcaption className={css.legend}>
        {models.map((model, index) => (
          <span key={model} className={css.key}>
            <span className={css.swatch} data-tone={index % tones} /> {modelName(model)}
            {shown !== undefined && <strong> {dollars(shown.parts.find((part) => part.model === model)?.cost)}</strong>}
          </span>
        ))}
        <span className={css.now}>{shown === undefined ? "" : `${dayName(shown.date)}: ${dollars(sumOf(shown))}`}</span>
      </figcaption>
      <div className={css.plot}>
        <div className={css.scale} aria-hidden="true">
          {Array.from({ length: Math.round(top / step) + 1 }, (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines of a scale.
            <span key={index} style={{ bottom: `${(100 * index * step) / top}%` }}>
              {index === 0 ? "$0" : step < 1 ? `$${(index * step).toFixed(2)}` : dollars(index * step).replace(/\.00$/, "")}
            </span>
          ))}
        </div>
        <svg
          className={css.bars}
          viewBox={`0 0 100 ${height}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`Cost by day, at most ${dollars(most)}`}
          onPointerLeave={() => setAt(undefined)}
        >
          {Array.from({ length: Math.round(top / step) }, (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines of a scale.
            <line key={index} x1="0" x2="100" y1={(height * index * step) / top} y2={(height * index * step) / top} className={css.grid} />
          ))}
          {days.map((day, index) => (
            <Bar key={day.date} day={day} x={index * width} width={width} top={top} models={models} lit={index === at} enter={() => setAt(index)} />
          ))}
        </svg>
      </div>
      <div className={css.dates} aria-hidden="true">
        <span>{dayName(days[0]?.date ?? "")}</span>
        <span>{dayName(days.at(-1)?.date ?? "")}</span>
      </div>
    </figure>
  )
}

interface BarOf {
  readonly day: Day
  readonly x: number
  readonly width: number
  readonly top: number
  readonly models: ReadonlyArray<string>
  readonly lit: boolean
  readonly enter: () => void
}

const Bar = ({ day, enter, lit, models, top, width, x }: BarOf) => {
  let y = height
  return (
    <g onPointerEnter={enter} className={css.day} data-lit={lit}>
      <rect x={x} y={0} width={width} height={height} className={css.hover} />
      {day.parts.map(({ cost, model }) => {
        const tall = ((cost ?? 0) / top) * height
        y -= tall
        return <rect key={model} x={x + width * 0.12} y={y} width={width * 0.76} height={tall} data-tone={models.indexOf(model) % tones} className={css.part} />
      })}
    </g>
  )
}
