/** A collector for tests: takes OTLP over HTTP as JSON and keeps what it got. */
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedSpan {
  readonly service: string;
  /** `service.instance.id`: the member's or gateway's name. */
  readonly instance: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface ReceivedMetric {
  readonly instance: string;
  readonly name: string;
  readonly unit: string;
  /** `sum`, `gauge` or `histogram`. */
  readonly kind: string;
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Body {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly RawSpan[] }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly RawMetric[] }[];
  }[];
}

interface RawSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
}

interface RawMetric {
  readonly name: string;
  readonly unit?: string;
}

function valuesOf(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  readonly metrics: ReceivedMetric[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        this.#take(JSON.parse(Buffer.concat(parts).toString()) as Body);
        response.setHeader('Content-Type', 'application/json');
        response.end('{}');
      });
    });
  }

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>((done) => receiver.#server.listen(0, '127.0.0.1', done));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  spansOf(traceId: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  #take(body: Body): void {
    for (const { resource, scopeSpans } of body.resourceSpans ?? []) {
      const own = valuesOf(resource.attributes);
      for (const raw of scopeSpans.flatMap((scope) => scope.spans)) {
        this.spans.push({
          service: String(own['service.name']),
          instance: String(own['service.instance.id']),
          name: raw.name,
          traceId: raw.traceId,
          spanId: raw.spanId,
          parentSpanId: raw.parentSpanId ?? '',
          startNs: BigInt(raw.startTimeUnixNano),
          endNs: BigInt(raw.endTimeUnixNano),
          attributes: valuesOf(raw.attributes),
        });
      }
    }
    for (const { resource, scopeMetrics } of body.resourceMetrics ?? []) {
      const instance = String(valuesOf(resource.attributes)['service.instance.id']);
      for (const raw of scopeMetrics.flatMap((scope) => scope.metrics)) {
        const kind = ['sum', 'gauge', 'histogram'].find((k) => k in raw) ?? 'unknown';
        this.metrics.push({ instance, name: raw.name, unit: raw.unit ?? '', kind });
      }
    }
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
