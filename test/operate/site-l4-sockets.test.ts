// Everything of site-l4.test.ts again for an agent without the native relay, whose connections are relayed over node:net.

process.env['MERIDIAN_NATIVE'] = 'off'; // what the agent inherits
await import('./site-l4.test.ts');
