import type { Event } from './stimuli.ts'

/** Who says it, and when. What the states mean is said in the playground's words. */
export const eventWords: Readonly<Record<Event, string>> = {
  connect: '`connect()` was called: it opens in the next microtask',
  reconnect: '`connection.reconnect()`',
  close: '`connection.close()`',
  drained: 'all that was left is sent and answered, and the goodbye is said',
  'try.proved': 'the welcome came down on a link that is being tried',
  'try.lost': 'a link is lost, or never came about; the loss says what the hub asks for',
  'try.troubled': 'something failed on a link that goes on',
  'try.answered': 'a ping was answered on a link that does not carry yet',
  'link.suspect': 'a ping on the carrier went unanswered for longer than the round trip explains',
  'link.trusted': 'a ping was answered on the carrier: its first one, or after all',
  'network.hint': 'another network, perhaps: the browser is online, or a timer tells that the machine slept',
  'network.offline': 'the browser says that there is no network',
  'page.hide': 'the page is hidden for good, or put into the back/forward cache',
  'page.show': 'the page is back from there',
  'page.wake': 'the page is visible again, or was thawed',
  'after headStart': 'what the first transport is given before the next one starts: `headStartMs`, or as learned',
  'after nextStart': 'what the last one started is given: `nextStartMs`',
  'after stable': 'online for `stableMs` since the carrier took over',
  'after trial': 'the doubted one has held for `trialMs`: it is asked for a sign of life',
  'after answer': 'the doubted one has not answered for `suspectMs`',
  'after suspicion': 'no sign of life for `suspectMs`',
  'after countdown': 'the moment that `retryAt` names',
  'after drain': 'the time that `close({ drainMs })` gives, and a second for the goodbye',
  always: 'by itself, right after the state was entered',
}
