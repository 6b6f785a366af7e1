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

showBadge(connection)
showCurl()
showTimeline(connection, showPromise(connection))
showStatus(connection)
showChart(connection)
showMetrics(connection)
showChat(connection)
showBreaker(lab)

// For the curious: everything on this page comes out of this one object.
Object.assign(window, { connection })
