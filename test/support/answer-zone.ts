// A zone with every shape of answer in it, for the tests of the responder.

export const ORIGIN = 'example.test.';

export const ZONE = `
$TTL 3600
@          7200 SOA ns1 hostmaster 2024010101 7200 900 1209600 300
@               NS ns1
@               NS ns2
@               MX 10 mail
@               TXT "apex"
ns1             A 192.0.2.1
ns2             A 192.0.2.2
ns2             AAAA 2001:db8::2
mail            A 192.0.2.3
www             A 192.0.2.10
www             A 192.0.2.11
Mixed           TXT "case"
alias           CNAME www
chain1          CNAME chain2
chain2          CNAME chain3
chain3          CNAME www
to-nothing      CNAME nothing
to-txt          CNAME mixed
outside         CNAME www.example.net.
to-root         CNAME .
loop            CNAME loop
loop1           CNAME loop2
loop2           CNAME loop1
to-sub          CNAME host.sub
to-wild         CNAME anything.wild
to-dname        CNAME x.dname
ent.deep        A 192.0.2.20
*.wild          TXT "star"
*.wild          MX 10 mail
*.wildalias     CNAME www
dname           DNAME target
www.target      A 192.0.2.30
up.target       CNAME www
dname-out       DNAME example.net.
dname-root      DNAME .
dname-deep      DNAME dname
dname-loop      DNAME x.dname-loop
back.target     CNAME www.dname
svc             SRV 0 5 5060 sip.example.test.
svc             SRV 1 5 5060 sip.example.test.
null-mx         MX 0 .
https           HTTPS 1 . alpn=h2
sub             NS ns.sub
sub             NS ns2
sub             NS ns.example.net.
sub             DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
ns.sub          A 192.0.2.40
ns.sub          AAAA 2001:db8::40
insecure        NS ns.example.net.
`;
