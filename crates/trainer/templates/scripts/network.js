// The forward pass of a trained network, as in crates/model but in double precision.
report.network = (() => {
  const { floats } = report;

  // Returns a network's layers with their tensors. They are decoded when they are first needed.
  const decoded = new WeakMap();
  const layers = (network) => {
    if (!decoded.has(network)) decoded.set(network, network.layers.map(decode));
    return decoded.get(network);
  };
  const decode = (layer) => {
    const all = (tensors) => Object.fromEntries(Object.entries(tensors).map(([name, text]) => [name, floats(text)]));
    const norm = (tensors) => tensors && all(tensors);
    const { kernel, bias, batch_norm, layer_norm } = layer;
    return { ...layer, kernel: floats(kernel), bias: floats(bias), batch_norm: norm(batch_norm),
      layer_norm: norm(layer_norm) };
  };

  const dense = ({ inputs, units, kernel, bias }, x) => {
    const y = Float64Array.from(bias);
    for (let i = 0; i < inputs; i++) {
      if (x[i] === 0) continue;
      for (let j = 0; j < units; j++) y[j] += x[i] * kernel[i * units + j];
    }
    return y;
  };

  const batchNorm = ({ gamma, beta, moving_mean, moving_variance }, epsilon, x) =>
    x.map((value, i) => gamma[i] * (value - moving_mean[i]) / Math.sqrt(moving_variance[i] + epsilon) + beta[i]);

  const layerNorm = ({ gamma, beta }, epsilon, x) => {
    const mean = x.reduce((a, b) => a + b) / x.length;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
    return x.map((value, i) => gamma[i] * (value - mean) / Math.sqrt(variance + epsilon) + beta[i]);
  };

  const softmax = (x) => {
    const max = Math.max(...x);
    const exponentials = x.map((value) => Math.exp(value - max));
    const sum = exponentials.reduce((a, b) => a + b);
    return exponentials.map((value) => value / sum);
  };

  // Computes the probability of each class. `pixels` are bytes, which a network of "unit" pixels sees scaled to 0 to 1.
  const probabilities = (network, pixels) => {
    let x = Float64Array.from(pixels, (byte) => (network.pixels === "unit" ? byte / 255 : byte));
    layers(network).forEach((layer, index, { length }) => {
      x = dense(layer, x);
      x = index === length - 1 ? softmax(x) : x.map((value) => Math.max(value, 0));
      if (layer.batch_norm) x = batchNorm(layer.batch_norm, network.epsilon, x);
      if (layer.layer_norm) x = layerNorm(layer.layer_norm, network.epsilon, x);
    });
    return Array.from(x);
  };

  return { layers, probabilities };
})();
