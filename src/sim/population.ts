// Where people live and what time it is there: countries of a million people and more; the largest are parted, so that their
// clients are not all at one point. Used by the simulator only.
//
// Millions of people: rounded from GeoNames (https://www.geonames.org), countryInfo.txt, CC BY 4.0. Hours from UTC: standard
// time of the most populous zone in the tz database (public domain). Parts of countries and their places: by hand, about the
// middle of where people live. All other places: geo/centroids.ts.

import { COUNTRIES } from '../geo/centroids.ts';

export interface Region {
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly millions: number;
  readonly utcHours: number;
  /** Degrees. */
  readonly latitude: number;
  readonly longitude: number;
}

/** COUNTRY MILLIONS HOURS [LATITUDE LONGITUDE]. */
const TABLE = `
AE 9.6 4;AF 37.2 4.5;AL 2.9 1;AM 3 4;AO 30.8 1;AR 44.5 -3;AT 8.8 1;AU 20 10 -34.5 149;AU 2.6 8 -32 116;AU 2.4 9.5 -35 138.6;
AZ 9.9 4;BA 3.3 1;BD 161.4 6;BE 11.4 1;BF 19.8 0;BG 7 2;BH 1.6 3;BI 11.2 2;BJ 11.5 1;BO 11.4 -4;BR 170 -3 -20 -45;
BR 39.5 -3 -8 -37;BW 2.3 2;BY 9.5 3;CA 24.4 -5 44.5 -77;CA 7.6 -7 51 -110;CA 5 -8 49.3 -122;CD 84.1 1;CF 4.7 1;CG 5.2 1;
CH 8.5 1;CI 25.1 0;CL 18.7 -4;CM 25.2 1;CN 610 8 30.5 117;CN 420 8 38 115;CN 240 8 24 112;CN 141.8 8 30 104;CO 49.6 -5;
CR 5 -6;CU 11.3 -5;CY 1.2 2;CZ 10.6 1;DE 82.9 1;DK 5.8 1;DO 10.6 -4;DZ 42.2 1;EC 17.1 -5;EE 1.3 2;EG 98.4 2;ER 6.2 3;
ES 46.7 1;ET 109.2 3;FI 5.5 2;FR 67 1;GA 2.1 1;GB 66.5 0;GE 3.7 4;GH 29.8 0;GM 2.3 0;GN 12.4 0;GQ 1.3 1;GR 10.7 2;GT 17.2 -6;
GW 1.9 0;HK 7.5 8;HN 9.6 -6;HR 3.9 1;HT 11.1 -5;HU 9.8 1;ID 210 7 -7 109;ID 57.7 8 -4 119;IE 4.9 0;IL 8.9 2;
IN 620 5.5 26.5 80;IN 400 5.5 19 76;IN 250 5.5 12 78;IN 82.6 5.5 23 88;IQ 38.4 3;IR 81.8 3.5;IT 60.4 1;JM 2.9 -5;JO 10 3;
JP 126.5 9;KE 51.4 3;KG 6.3 6;KH 16.2 7;KR 51.6 9;KW 4.1 3;KZ 18.3 5;LA 7.1 7;LB 6.8 2;LK 21.7 5.5;LR 4.8 0;LS 2.1 2;
LT 2.8 2;LV 1.9 2;LY 6.7 2;MA 36 1;MD 3.5 2;MG 26.3 3;MK 2.1 1;ML 19.1 0;MM 53.7 6.5;MN 3.2 8;MR 4.4 0;MU 1.3 4;MW 17.6 2;
MX 126.2 -6;MY 31.5 8;MZ 29.5 2;NA 2.4 2;NE 22.4 1;NG 195.9 1;NI 6.5 -6;NL 17.2 1;NO 5.3 1;NP 28.1 5.75;NZ 4.9 12;OM 4.8 4;
PA 4.2 -5;PE 32 -5;PG 8.6 10;PH 106.7 8;PK 212.2 5;PL 38 1;PR 3.2 -4;PS 4.6 2;PT 10.3 0;PY 7 -3;QA 2.8 3;RO 19.5 2;RS 7 1;
RU 105 3 55.5 42;RU 20 5 56 60;RU 15 7 55 85;RU 4.5 10 46 133;RW 12.3 2;SA 33.7 3;SD 41.8 2;SE 10.2 1;SG 5.6 8;SI 2.1 1;
SK 5.4 1;SL 7.7 0;SN 15.9 0;SO 15 3;SS 8.3 2;SV 6.4 -6;SY 16.9 3;SZ 1.1 2;TD 15.5 1;TG 7.9 0;TH 69.4 7;TJ 9.1 5;TL 1.3 9;
TM 5.9 5;TN 11.6 1;TR 82.3 3;TT 1.4 -4;TW 23.5 8;TZ 56.3 3;UA 44.6 2;UG 42.7 3;US 154 -5 38.5 -79;US 95 -6 36 -93;
US 23 -7 37 -109;US 55.2 -8 38 -120.5;UY 3.4 -3;UZ 33 5;VE 28.9 -4;VN 95.5 7;XK 1.8 1;YE 28.5 3;ZA 57.8 2;ZM 17.4 2;ZW 16.9 2;
`;

export const REGIONS: readonly Region[] = TABLE.replaceAll('\n', '')
  .split(';')
  .filter((entry) => entry !== '')
  .map((entry) => {
    const [country, millions, utcHours, latitude, longitude] = entry.split(' ');
    const centre = COUNTRIES.get(country!)!;
    return {
      country: country!,
      millions: Number(millions),
      utcHours: Number(utcHours),
      latitude: latitude === undefined ? centre.latitude : Number(latitude),
      longitude: longitude === undefined ? centre.longitude : Number(longitude),
    };
  });
