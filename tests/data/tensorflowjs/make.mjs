// SPDX-License-Identifier: MIT
// Writes a Keras model as TensorFlow.js saves it: topology and weights are what its own save()
// hands over, put into files as its handlers do.
// usage: npm install @tensorflow/tfjs@4.22.0 in a folder; node make.mjs THAT_FOLDER/node_modules
import fs from 'node:fs';
import path from 'node:path';
import {createRequire} from 'node:module';

const tf = createRequire(path.resolve(process.argv[2]) + '/')('@tensorflow/tfjs');

/** Values in -0.5..0.5, as ../keras/make.py has them. */
function numbers(seed, shape) {
    const count = shape.reduce((product, side) => product * side, 1);
    const values = [];
    for (let i = 0; i < count; i++) values.push(((i * 7919 + seed * 104729 + 13) % 1009) / 1009 - 0.5);
    return tf.tensor(values, shape);
}

function dense(units, activation, seed, name, inputShape) {
    return {layer: tf.layers.dense({units, activation, name, inputShape}), seed};
}

/** The layers in a row, with their weights set. */
function sequential(name, entries) {
    const model = tf.sequential({name});
    for (const {layer, seed} of entries) {
        model.add(layer);
        if (seed === undefined) continue;
        layer.setWeights(layer.getWeights().map((w, i) => numbers(seed + i, w.shape)));
    }
    return model;
}

async function save(model, name) {
    await model.save(tf.io.withSaveHandler(async (artifacts) => {
        const {weightSpecs, weightData, ...rest} = artifacts;
        const json = {...rest, weightsManifest: [{paths: [name + '.bin'], weights: weightSpecs}]};
        fs.writeFileSync(name + '.json', JSON.stringify(json));
        fs.writeFileSync(name + '.bin', Buffer.from(tf.io.concatenateArrayBuffers ? tf.io.concatenateArrayBuffers([].concat(weightData)) : weightData));
        return {modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts)};
    }));
}

const input = tf.input({shape: [12], name: 'input'});
const encoder = sequential('encoder', [
    dense(9, 'linear', 21, 'dense', [12]), {layer: tf.layers.batchNormalization({name: 'norm'})},
    {layer: tf.layers.leakyReLU({alpha: 0.125, name: 'leaky'})}, {layer: tf.layers.dropout({rate: 0.5, name: 'dropout'})},
    dense(3, 'tanh', 31, 'code')]);
const decoder = sequential('decoder', [dense(9, 'relu', 41, 'dense_2', [3]), dense(12, 'sigmoid', 51, 'dense_3')]);
const norm = encoder.getLayer('norm');
norm.setWeights(norm.getWeights().map((w, i) => numbers(23 + i, w.shape).add(1)));
const model = tf.model({inputs: input, outputs: decoder.apply(encoder.apply(input)), name: 'autoencoder'});
await save(model, 'autoencoder');

function writeAnswers(name, answers) {
    const rows = Object.entries(answers).map(([what, t]) => [what, t.reshape([t.shape[0], -1]).arraySync()]);
    fs.writeFileSync(name + '.json', JSON.stringify(Object.fromEntries(rows)) + '\n');
}

const x = numbers(61, [5, 12]);
writeAnswers('answers', {input: x, code: encoder.predict(x), output: model.predict(x)});

const layers = tf.layers;
const kernel = (seed, more) => ({seed, layer: more});
const convolve = sequential('convolve', [
    kernel(71, layers.conv2d({filters: 4, kernelSize: [3, 2], strides: 2, padding: 'same', inputShape: [11, 9, 2]})),
    kernel(81, layers.depthwiseConv2d({kernelSize: 3, padding: 'valid', activation: 'tanh'})),
    {layer: layers.maxPooling2d({poolSize: 2, strides: 1, padding: 'same'})}, {layer: layers.flatten()},
    kernel(91, layers.dense({units: 4, activation: 'tanh'}))]);
const restore = sequential('restore', [
    kernel(101, layers.dense({units: 12, activation: 'relu', inputShape: [4]})), {layer: layers.reshape({targetShape: [2, 3, 2]})},
    kernel(111, layers.conv2dTranspose({filters: 3, kernelSize: [3, 4], strides: [2, 3], padding: 'same', activation: 'tanh'})),
    kernel(121, layers.conv2dTranspose({filters: 2, kernelSize: [2, 3], strides: [1, 2], padding: 'valid'})),
    {layer: layers.averagePooling2d({poolSize: [2, 3], strides: [1, 2], padding: 'same'})},
    {layer: layers.upSampling2d({size: [2, 1]})},
    kernel(131, layers.conv2d({filters: 2, kernelSize: 3, dilationRate: 2, padding: 'same', activation: 'sigmoid'}))]);
const images = tf.input({shape: [11, 9, 2], name: 'images'});
const pictures = tf.model({inputs: images, outputs: restore.apply(convolve.apply(images)), name: 'pictures'});
await save(pictures, 'pictures');
const seen = numbers(141, [3, 11, 9, 2]);
writeAnswers('pictures_answers', {input: seen, code: convolve.predict(seen), output: pictures.predict(seen)});
