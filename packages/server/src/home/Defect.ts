/** A defect for the log. A value that did not fit its schema is printed in the defect, and may be what somebody said: it stays out of it. */
export const inWords = (defect: unknown): string =>
  typeof defect === "object" && defect !== null && "name" in defect && "message" in defect && defect.name !== "ParseError"
    ? `${String(defect.name)}: ${String(defect.message).split("\n", 1)[0]?.slice(0, 200)}`
    : "a value did not fit its schema"
