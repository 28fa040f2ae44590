/** The endpoints of AWS IoT Core. */

const AWS_HOST = /\.iot\.([a-z\d-]+)\.amazonaws\.com(?:\.cn)?$/;

/** The region in the name of an endpoint of AWS IoT Core; undefined if the host is another one. */
export function regionOf(host: string): string | undefined {
  return AWS_HOST.exec(host.toLowerCase())?.[1];
}
