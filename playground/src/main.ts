import { connect } from '@holdfast/client'
import { showBadge, showCurl } from './badge.ts'
import { showBreaker } from './breaker.ts'
import { showChart } from './chart/show-chart.ts'
import { openLab } from './lab.ts'
import { rememberedName, showName } from './name.ts'
import { showPromise } from './promise.ts'
import { showStatus } from './status.ts'
import { showTabs } from './tabs.ts'
import { showTimeline } from './timeline.ts'

const lab = await openLab()
const me = { name: rememberedName() }
const connection = connect(lab.url, { token: me.name })

showTabs(connection, me)
const arrived$ = showPromise(connection)
// It opens in the next microtask with what is subscribed so far, and the handshake is under way while the rest is drawn.
await Promise.resolve()
showBadge(connection)
showCurl()
showName(me.name)
showTimeline(connection, arrived$)
showStatus(connection)
showChart(connection)
showBreaker(lab)

// What waits to be sent lives in this page alone.
window.addEventListener('beforeunload', (event) => connection.getState().pending > 0 && event.preventDefault())

// For the curious: everything on this page comes out of this one object.
Object.assign(window, { connection })
