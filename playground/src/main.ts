import { connect } from '@holdfast/client'
import { showBadge, showCurl } from './badge.ts'
import { showBreaker } from './breaker.ts'
import { showChart } from './chart/show-chart.ts'
import { showChat } from './chat.ts'
import { openLab } from './lab.ts'
import { showMetrics } from './metrics.ts'
import { showPromise } from './promise.ts'
import { showStatus } from './status.ts'
import { showTimeline } from './timeline.ts'

const lab = await openLab()
const connection = connect(lab.url)

showMetrics(connection)
const arrived$ = showPromise(connection)
// It opens in the next microtask, so the handshake is under way while the rest is drawn.
await Promise.resolve()
showBadge(connection)
showCurl()
showTimeline(connection, arrived$)
showStatus(connection)
showChart(connection)
showChat(connection)
showBreaker(lab)

// For the curious: everything on this page comes out of this one object.
Object.assign(window, { connection })
