/** The name of a broker; it opens the details of that broker. */

interface BrokerNameProps {
  readonly name: string;
  readonly open: (broker: string) => void;
}

export function BrokerName({ name, open }: BrokerNameProps) {
  return (
    <button type="button" class="name" title={name} onClick={() => open(name)}>
      {name}
    </button>
  );
}
