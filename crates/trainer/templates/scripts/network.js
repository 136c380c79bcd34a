// What a trained network answers: the same as crates/model computes, in double precision.
report.network = (() => {
  const dense = ({ inputs, units, kernel, bias }, x) => {
    const y = Float64Array.from(bias);
    for (let i = 0; i < inputs; i++) {
      if (x[i] === 0) continue;
      for (let j = 0; j < units; j++) y[j] += x[i] * kernel[i * units + j];
    }
    return y;
  };

  const normalise = ({ gamma, beta, moving_mean, moving_variance }, epsilon, x) =>
    x.map((value, i) => gamma[i] * (value - moving_mean[i]) / Math.sqrt(moving_variance[i] + epsilon) + beta[i]);

  const softmax = (x) => {
    const most = Math.max(...x);
    const powers = x.map((value) => Math.exp(value - most));
    const sum = powers.reduce((a, b) => a + b);
    return powers.map((power) => power / sum);
  };

  // `pixels`: the bytes of a digit, which the network sees as from 0 to 1 or as they are.
  const probabilities = (network, pixels) => {
    let x = Float64Array.from(pixels, (byte) => (network.pixels === "unit" ? byte / 255 : byte));
    network.layers.forEach((layer, index) => {
      x = dense(layer, x);
      x = index === network.layers.length - 1 ? softmax(x) : x.map((value) => Math.max(value, 0));
      if (layer.batch_norm) x = normalise(layer.batch_norm, network.epsilon, x);
    });
    return Array.from(x);
  };

  return { probabilities };
})();
