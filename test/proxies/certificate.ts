import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

/** A self-signed certificate for loopback: `name`.crt, `name`.key, and both in `name`.pem. */
export function makeCertificate(name: string): void {
  const [key, crt] = [`${name}.key`, `${name}.crt`]
  const subject = ['-subj', '/CN=example.com', '-addext', 'subjectAltName=DNS:example.com,IP:127.0.0.1']
  const elliptic = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  execFileSync('openssl', ['req', '-x509', ...elliptic, '-days', '2', ...subject, '-keyout', key, '-out', crt], {
    stdio: 'pipe',
  })
  writeFileSync(`${name}.pem`, readFileSync(crt, 'utf8') + readFileSync(key, 'utf8'))
}
