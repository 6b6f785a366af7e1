import express, { type NextFunction, type Request, type Response, Router } from 'express'
import type { Cut, Lab, Labs } from './labs.ts'

const cuts: readonly string[] = ['reset', 'half-open', 'websocket'] satisfies Cut[]

/** How a page makes and breaks its lab. It comes here directly, never through the lab. */
export function labRoutes(labs: Labs, origins: readonly string[]): Router {
  const router = Router()

  router.use((request, response, next) => {
    // Another site's page must not open ports here; a browser names itself on every POST.
    if (request.method !== 'GET' && !origins.includes(request.headers.origin ?? '')) response.sendStatus(403)
    else next()
  })
  router.use(express.json({ limit: '4kb' }))

  router.post('/', async (request, response) => {
    const lab = await labs.create(readPort(request.body?.port))
    if (lab) response.status(201).json(view(lab))
    else response.status(503).json({ error: 'too many pages are open' })
  })

  router.use('/:id', (request, response, next) => {
    const lab = labs.find(request.params.id)
    response.locals.lab = lab
    if (lab) next()
    else response.status(404).json({ error: 'no such lab' })
  })

  router.get('/:id', (_request, response) => {
    response.json(view(labOf(response)))
  })

  router.patch('/:id', (request, response) => {
    labOf(response).set(request.body)
    response.json(view(labOf(response)))
  })

  router.post('/:id/cut', (request, response) => {
    const how: unknown = request.body?.how
    if (typeof how !== 'string' || !cuts.includes(how)) throw new TypeError('not a way to cut')
    response.json({ cut: labOf(response).cut(how as Cut) })
  })

  router.post('/:id/heal', (_request, response) => {
    labOf(response).heal()
    response.json(view(labOf(response)))
  })

  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (error instanceof TypeError) response.status(400).json({ error: error.message })
    else next(error)
  })

  return router
}

function labOf(response: Response): Lab {
  return response.locals.lab as Lab
}

function view({ id, url, faults }: Lab): object {
  return { id, url, faults }
}

function readPort(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 1023 && value < 65_536 ? value : undefined
}
