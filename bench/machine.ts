// The machine that figures come from: what a reader needs to judge or repeat them.

import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

export function describeMachine(versions: readonly string[]): void {
  const [first] = cpus();
  const distribution = /^PRETTY_NAME="?([^"\n]*)/m.exec(readText('/etc/os-release'))?.[1] ?? 'unknown distribution';
  const hypervisor = /^flags.*\bhypervisor\b/m.test(readText('/proc/cpuinfo')) ? 'virtual' : 'physical';
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  console.log(`${cpus().length} ${hypervisor} cores (${first?.model ?? 'unknown'}, ${process.arch}), ${memory} GiB`);
  console.log(`Linux ${release()}, ${distribution}, Node ${process.versions.node}; ${new Date().toISOString().slice(0, 10)}`);
  console.log(`load of the last minute before the start: ${readText('/proc/loadavg').split(' ')[0]}`);
  if (versions.length > 0) console.log(versions.join(', '));
  console.log();
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
