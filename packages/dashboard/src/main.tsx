import { RouterProvider } from "@tanstack/react-router"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { recall } from "./frame/returning.ts"
import * as theme from "./frame/theme.ts"
import "./frame/tokens.css"
import { router } from "./routes.tsx"

theme.show()
// Who was turned away, and let in by another address, goes on where that was.
const place = location.pathname === "/" && location.search === "" ? recall() : undefined
if (place !== undefined) history.replaceState(null, "", place)

const element = document.getElementById("root")
if (element !== null)
  createRoot(element).render(
    <StrictMode>
      <RouterProvider router={router} />
    </StrictMode>
  )
